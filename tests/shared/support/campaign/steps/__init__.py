"""Steps of random networks: each is a function that adds nodes behind a tensor, or gives None where it cannot."""
