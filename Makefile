# make demo     the main job, live, in a throw-away network (root)
# make test     everything that is tested: the three below, one after the other
#   test-unit     anybody, no network, about a minute: every file of tests/ that is not in the next two
#   test-root     root, for network namespaces and packet filters: tests/e2e, tests/lab, and files *_root_test.ts
#   test-interop  beside the C programs: tests/interop (root for those that put daemons on a network)
# make build    build/fwknop and build/fwknopd
# make check    format, lint, import directions, types, rules, references, documentation examples (anybody)
# make install  PREFIX=/usr/local DESTDIR= SYSCONFDIR=/etc; nothing is enabled or started. make uninstall: all but the configuration

DENO ?= deno
# DENORT_BIN, a base runtime for deno compile, comes from the environment where there is one.
# npm downloads go through whatever certificate authorities the machine trusts.
export DENO_TLS_CA_STORE ?= mozilla,system
export DENO

PREFIX ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
BINDIR ?= $(PREFIX)/bin
SYSCONFDIR ?= /etc
MANDIR ?= $(PREFIX)/share/man
DATADIR ?= $(PREFIX)/share
# systemd looks below /usr/local/lib and /usr/lib; with another PREFIX say where.
UNITDIR ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
BUILDDIR ?= build
# Of the machine that it is for; 0 where there is none.
SYSTEMD_VERSION ?= $(or $(shell systemctl --version 2>/dev/null | sed -n '1s/^systemd \([0-9]*\).*/\1/p'),0)

.PHONY: all demo test test-unit test-root test-interop build check gen fmt bench clean install uninstall setup setup-test

all: build

setup:
	@.ci/setup run

setup-test:
	@.ci/setup test

demo: setup
	@$(DENO) run --frozen -A tests/demo.ts

# All of them, also after one that failed.
test: setup-test
	@$(MAKE) --no-print-directory -k -j1 test-unit test-root test-interop

TEST = $(DENO) test --frozen --no-check -A

# It asks for no rights and installs nothing; what needs root or a program that is absent is ignored, and said.
test-unit:
	@command -v $(DENO) >/dev/null || { echo "test-unit: there is no $(DENO); 'make setup' installs it" >&2; exit 1; }
	$(TEST) --ignore='tests/interop,tests/e2e,tests/lab,tests/**/*_root_test.ts' tests/

test-root: setup-test
	$(TEST) tests/e2e tests/lab 'tests/**/*_root_test.ts'

test-interop: setup-test
	$(TEST) tests/interop

build: setup
	$(DENO) run --frozen -A .ci/build.ts

# For anybody: it asks for no rights and installs nothing.
check:
	@command -v $(DENO) >/dev/null || { echo "check: there is no $(DENO); 'make setup' installs it" >&2; exit 1; }
	@$(DENO) run --frozen -A .ci/check.ts

# Man pages, reference, sample configurations and shell completion, from the tables of settings.
gen:
	$(DENO) run --frozen -A .ci/gen.ts

fmt:
	$(DENO) fmt

bench: setup-test
	$(DENO) run --frozen -A bench/figures.ts

clean:
	rm -rf build coverage

install:
	@test -x $(BUILDDIR)/fwknop -a -x $(BUILDDIR)/fwknopd || { echo "run 'make build' first" >&2; exit 1; }
	install -d -m 755 $(DESTDIR)$(BINDIR) $(DESTDIR)$(SBINDIR) $(DESTDIR)$(MANDIR)/man8 $(DESTDIR)$(MANDIR)/man5
	install -d -m 755 $(DESTDIR)$(DATADIR)/bash-completion/completions
	install -d -m 755 $(DESTDIR)$(DATADIR)/zsh/site-functions $(DESTDIR)$(DATADIR)/fish/vendor_completions.d
	install -d -m 755 $(DESTDIR)$(UNITDIR) $(DESTDIR)$(SYSUSERSDIR)
	[ -d $(DESTDIR)$(SYSCONFDIR)/fwknop ] || install -d -m 700 $(DESTDIR)$(SYSCONFDIR)/fwknop
	install -m 755 $(BUILDDIR)/fwknop $(DESTDIR)$(BINDIR)/fwknop
	install -m 755 $(BUILDDIR)/fwknopd $(DESTDIR)$(SBINDIR)/fwknopd
	install -m 644 docs/man/*.5 $(DESTDIR)$(MANDIR)/man5
	install -m 644 docs/man/*.8 $(DESTDIR)$(MANDIR)/man8
	for program in fwknop fwknopd; do \
	    install -m 644 packaging/completion/$$program.bash $(DESTDIR)$(DATADIR)/bash-completion/completions/$$program; \
	    install -m 644 packaging/completion/$$program.zsh $(DESTDIR)$(DATADIR)/zsh/site-functions/_$$program; \
	    install -m 644 packaging/completion/$$program.fish $(DESTDIR)$(DATADIR)/fish/vendor_completions.d/$$program.fish; \
	done
	sed 's,@SBINDIR@,$(SBINDIR),' packaging/systemd/fwknopd.service > $(DESTDIR)$(UNITDIR)/fwknopd.service
	chmod 644 $(DESTDIR)$(UNITDIR)/fwknopd.service
	install -m 644 packaging/systemd/fwknopd.socket $(DESTDIR)$(UNITDIR)/fwknopd.socket
	if [ $(SYSTEMD_VERSION) -ge 253 ]; then \
	    install -d -m 755 $(DESTDIR)$(UNITDIR)/fwknopd.service.d; \
	    sed 's,@SBINDIR@,$(SBINDIR),' packaging/systemd/notify-reload.conf \
	        > $(DESTDIR)$(UNITDIR)/fwknopd.service.d/notify-reload.conf; \
	    chmod 644 $(DESTDIR)$(UNITDIR)/fwknopd.service.d/notify-reload.conf; \
	fi
	install -m 644 packaging/systemd/fwknop.sysusers $(DESTDIR)$(SYSUSERSDIR)/fwknop.conf
	# Samples beside a configuration that is there already, never over it.
	for file in fwknopd.conf access.conf fingerprints.conf; do \
	    target=$(DESTDIR)$(SYSCONFDIR)/fwknop/$$file; \
	    if [ -e $$target ]; then target=$$target.sample; fi; \
	    install -m 600 packaging/conf/$$file $$target; \
	done

# The configuration stays, and the samples beside it go.
uninstall:
	rm -f $(DESTDIR)$(BINDIR)/fwknop $(DESTDIR)$(SBINDIR)/fwknopd
	rm -f $(DESTDIR)$(UNITDIR)/fwknopd.service $(DESTDIR)$(UNITDIR)/fwknopd.socket $(DESTDIR)$(SYSUSERSDIR)/fwknop.conf
	rm -f $(DESTDIR)$(UNITDIR)/fwknopd.service.d/notify-reload.conf
	rmdir $(DESTDIR)$(UNITDIR)/fwknopd.service.d 2>/dev/null || true
	for page in $(notdir $(wildcard docs/man/*.[58])); do rm -f $(DESTDIR)$(MANDIR)/man[58]/$$page; done
	for program in fwknop fwknopd; do \
	    rm -f $(DESTDIR)$(DATADIR)/bash-completion/completions/$$program; \
	    rm -f $(DESTDIR)$(DATADIR)/zsh/site-functions/_$$program; \
	    rm -f $(DESTDIR)$(DATADIR)/fish/vendor_completions.d/$$program.fish; \
	done
	for file in fwknopd.conf access.conf fingerprints.conf; do \
	    rm -f $(DESTDIR)$(SYSCONFDIR)/fwknop/$$file.sample; \
	done
