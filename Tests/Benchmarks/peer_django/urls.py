"""The one path, and what there is at others."""

from django.urls import re_path
from files import views

urlpatterns = [re_path(r"^m/(?P<id>[^/]+)$", views.download), re_path("", views.nothing)]
