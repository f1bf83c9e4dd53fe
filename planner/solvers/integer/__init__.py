"""What the integer programmes are made of: linear models and the engines that solve them."""
