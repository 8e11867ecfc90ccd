"""The scoring core: the exact comparison of filters, at the speed of the hardware."""
