"""What is reported."""

from django.db import models


class Report(models.Model):
    """A report, and when it was mailed."""

    title = models.CharField(max_length=100)
    text = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.title
