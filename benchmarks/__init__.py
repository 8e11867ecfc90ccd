"""What analysts and developers measure with: accuracy, speed, risk."""
