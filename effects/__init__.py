"""What is done outside after a commit: mails, messages, calls to Stripe. At least once, with one key for ever."""
