"""What the hub tells the outside world, and hears back: case, approval, SMS, upstream."""
