"""As much of the service's tables as a download needs; the service makes them."""

from django.db import models


class APIKey(models.Model):
    id = models.CharField(primary_key=True, max_length=12)
    secret_sha256 = models.BinaryField()
    scopes = models.CharField(max_length=255)
    revoked_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "api_keys"


class Media(models.Model):
    id = models.CharField(primary_key=True, max_length=25)
    original_name = models.CharField(max_length=255)
    mime_type = models.CharField(max_length=127)
    sha256 = models.BinaryField()
    is_public = models.BooleanField()
    status = models.CharField(max_length=16)
    link_epoch = models.PositiveIntegerField()

    class Meta:
        managed = False
        db_table = "media"


class LinkKey(models.Model):
    id = models.CharField(primary_key=True, max_length=8)
    secret_fingerprint = models.BinaryField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "link_keys"


class SignedLink(models.Model):
    id = models.CharField(primary_key=True, max_length=20)
    media = models.ForeignKey(Media, models.CASCADE)
    key = models.ForeignKey(LinkKey, models.CASCADE, db_constraint=False)
    epoch = models.PositiveIntegerField()
    max_uses = models.PositiveIntegerField(null=True)
    uses = models.PositiveIntegerField()
    last_request = models.CharField(max_length=64, null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "signed_links"
