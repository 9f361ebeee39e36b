"""The parts of `make deploy`: what is wanted, what is there, what is wrong before and missing afterwards."""
