"""The service's storage: documents under paths, on Firestore."""
