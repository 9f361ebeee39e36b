"""Notices as mails: by SMTP, by Resend, or by an extension that sends the documents of a collection."""
