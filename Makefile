# make demo     the main job, live, in a throw-away network (root)
# make test     everything that is tested, the C programs included (root for the network tests)
# make build    build/fwknop and build/fwknopd
# make check    format, lint, import directions, types, documentation examples
# make install  PREFIX=/usr/local DESTDIR= SYSCONFDIR=/etc

DENO ?= deno
# npm downloads go through whatever certificate authorities the machine trusts.
export DENO_TLS_CA_STORE ?= mozilla,system
export DENO
export DENORT_BIN

PREFIX ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
BINDIR ?= $(PREFIX)/bin
SYSCONFDIR ?= /etc

.PHONY: all demo test build check fmt bench clean install setup setup-test

all: build

setup:
	@.ci/setup run
	@$(DENO) install --frozen --quiet

setup-test:
	@.ci/setup test
	@$(DENO) install --frozen --quiet

demo: setup
	@$(DENO) run --frozen -A tests/demo.ts

test: setup-test
	$(DENO) test --frozen --no-check -A tests/

build: setup
	$(DENO) run --frozen -A .ci/build.ts

check: setup
	@$(DENO) run --frozen -A .ci/check.ts

fmt:
	$(DENO) fmt

bench: setup-test
	$(DENO) run --frozen -A bench/knock_to_open.ts

clean:
	rm -rf build coverage

install:
	@test -x build/fwknop -a -x build/fwknopd || { echo "run 'make build' first" >&2; exit 1; }
	install -d -m 755 $(DESTDIR)$(BINDIR) $(DESTDIR)$(SBINDIR)
	install -d -m 700 $(DESTDIR)$(SYSCONFDIR)/fwknop
	install -m 755 build/fwknop $(DESTDIR)$(BINDIR)/fwknop
	install -m 755 build/fwknopd $(DESTDIR)$(SBINDIR)/fwknopd
