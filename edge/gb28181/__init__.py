"""GB/T 28181-2016 and -2022 as the upper platform: devices register here, are asked for their channels and invited."""
