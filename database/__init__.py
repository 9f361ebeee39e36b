"""Where the service keeps what it knows: documents under paths, on Firestore."""
