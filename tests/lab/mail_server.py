"""
A real SMTP server for tests: aiosmtpd on a port of loopback or of a namespace. Says "ready", and then one line of JSON for each mail
that it takes. --tls CERT KEY offers STARTTLS, --require-tls takes nothing without it, --login NAME PASSWORD takes nothing
without that, --implicit CERT KEY is TLS from the first byte on, --refuse takes no mail at all.
"""
import argparse, asyncio, json, ssl, sys

from aiosmtpd.smtp import SMTP, AuthResult

parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, default=25)
parser.add_argument("--host", default="127.0.0.1")
parser.add_argument("--tls", nargs=2)
parser.add_argument("--implicit", nargs=2)
parser.add_argument("--require-tls", action="store_true")
parser.add_argument("--login", nargs=2)
parser.add_argument("--refuse", action="store_true")
options = parser.parse_args()


def say(value):
    print(value if isinstance(value, str) else json.dumps(value), flush=True)


class Handler:
    async def handle_DATA(self, server, session, envelope):
        if options.refuse:
            return "452 4.3.1 Insufficient system storage"
        say({
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "text": envelope.content.decode("utf-8"),
            "tls": session.ssl is not None or options.implicit is not None,
            "user": session.auth_data.decode() if session.authenticated else None,
        })
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    name, password = data.login.decode(), data.password.decode()
    if [name, password] != options.login:
        return AuthResult(success=False, handled=False)
    return AuthResult(success=True, auth_data=data.login)


def context(pair):
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.load_cert_chain(*pair)
    return made


def session():
    return SMTP(
        Handler(),
        hostname="mail.test",
        tls_context=context(options.tls) if options.tls else None,
        require_starttls=options.require_tls,
        authenticator=authenticate if options.login else None,
        auth_required=options.login is not None,
        auth_require_tls=options.tls is not None,
    )


async def main():
    implicit = context(options.implicit) if options.implicit else None
    server = await asyncio.get_running_loop().create_server(session, options.host, options.port, ssl=implicit)
    say("ready")
    await server.serve_forever()


asyncio.run(main())
