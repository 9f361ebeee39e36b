"""Notices as mails: by SMTP, by Resend, or by an extension that sends what is in a collection."""
