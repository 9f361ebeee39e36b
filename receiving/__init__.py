"""Receives what anybody may send over HTTP, within limits that the sender cannot stretch."""
