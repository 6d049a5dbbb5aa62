"""The Django application that the pages speak of."""
