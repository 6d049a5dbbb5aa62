"""Tokens by which programs call the API: a JWT for who has a name, a password and a role."""

from datetime import timedelta

import jwt
from django.conf import settings
from django.contrib.auth import authenticate
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from rota.integrations.django.access import role_of

LIFE = timedelta(hours=1)


@csrf_exempt  # it is called by programs, and looks at no cookie
@require_POST
@sensitive_post_parameters("password")
def token(request):
    """Answer with a token for the API of the scheduler."""
    user = authenticate(request, username=request.POST.get("username"), password=request.POST.get("password"))
    role = user and role_of(user)
    if role is None:
        return HttpResponse("No such user, or one who may not look at the scheduler.\n", status=403)
    return HttpResponse(token_for(user.get_username(), role.name.lower()), content_type="text/plain")


def token_for(name, role):
    """Return a signed token; Rota verifies it by `JWT_KEY` and `JWT_ISSUER`."""
    now = timezone.now()
    claims = {"sub": name, "role": role, "iss": "chat", "aud": "rota", "iat": now, "exp": now + LIFE}
    return jwt.encode(claims, settings.ROTA["JWT_KEY"], algorithm="HS256")
