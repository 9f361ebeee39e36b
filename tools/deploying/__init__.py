"""The parts of `make deploy`: what is wanted, what exists, what is wrong before and missing afterwards."""
