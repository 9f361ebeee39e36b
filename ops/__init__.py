"""What operating the service needs: its settings, its log lines."""
