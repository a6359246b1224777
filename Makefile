# make demo      see it work: a reference server and the hotel, from C and from Python
# make test      every test; those that need real servers or more tools skip with a plain line
# make install   PREFIX=/usr/local DESTDIR=: library, headers, command, pkg-config, CMake, man pages,
#                completions
# make deb       target/deb: libsecsmtp1, libsecsmtp-dev, secsmtp, for Debian (needs dpkg-dev)
# make docs      target/docs: man pages, completions and the HTML reference, from command line and header
# make generate  header, declares, constants and symbol list from src/ffi
# make scramp    a Python with an independent SCRAM server, for the tests (needs the network once)
# make dkimpy    a Python with an independent DKIM verifier, for the tests (needs the network once)
# make parser    a Python with a parser for Rust, for the tests of `make mutants` (needs the network once)
# make large     finished and composed mails of a gigabyte, in less than 20 MB (SECSMTP_TESTBED)
# make lint      formatting and clippy
# make check-targets  compiles library, command and tests for each other system whose Rust library is
#                here (rustup target add ...; ring wants that system's C compiler, see CC_<target>)
# make bench     this library beside others, in one run: tables and picture in benches/ (20 minutes)
# make bench-check  waits, records, system calls and instructions of one mail, held to what is recorded
# make stream    a thousand mails streamed to each of three real servers (SECSMTP_TESTBED)
# make stress    eight threads on the same handles for 30 seconds, under the sanitizers
# make cancel-bench  how long a cancel takes to end a send, at each stage
# make fork-soak  6,000 forks while other threads are busy inside the library
# make soak      200 clients for a minute before a server that misbehaves at random
# make mutants   changes of the code that no test notices (FOLDER=src/smtp, SINCE=main~3, AGAIN=1)
# make coverage  lines and branches of parser, session, framing and pins (needs LLVM's tools)
# make fuzz      each fuzz target for a minute, with the address sanitizer (Linux and macOS)

CARGO  ?= cargo
PYTHON ?= python3
RUSTC  ?= rustc
CC     ?= cc
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
DESTDIR ?=

VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
TARGET  := $(or $(CARGO_TARGET_DIR),target)
# For another system: make install CARGO_BUILD_TARGET=x86_64-pc-windows-gnu, and where it belongs.
BUILD   := $(TARGET)/$(if $(CARGO_BUILD_TARGET),$(CARGO_BUILD_TARGET)/)release
SYSTEM  := $(or $(CARGO_BUILD_TARGET),$(shell uname -s))
INSTALL_LINK = ln -sf $(LIBRARY)
ifneq ($(findstring apple,$(SYSTEM))$(filter Darwin,$(SYSTEM)),)
LIBRARY := libsecsmtp.1.dylib
LINK    := libsecsmtp.dylib
BUILT   := libsecsmtp.dylib
STATIC  := -framework Security -framework CoreFoundation -lSystem -lc -lm
else ifneq ($(findstring windows,$(SYSTEM))$(filter MINGW% MSYS%,$(SYSTEM)),)
# The compilers of mingw-w64; Microsoft's take what cargo makes as it is.
LIBRARY := ../bin/secsmtp.dll
LINK    := libsecsmtp.dll.a
BUILT   := secsmtp.dll
INSTALL_LINK := install -m 644 $(BUILD)/$(LINK)
EXE     := .exe
STATIC  := -lbcrypt -ladvapi32 -lkernel32 -lntdll -luserenv -lws2_32 -ldbghelp
else
LIBRARY := libsecsmtp.so.1
LINK    := libsecsmtp.so
BUILT   := libsecsmtp.so
STATIC  := -lgcc_s -lutil -lrt -lpthread -lm -ldl -lc
endif

TARGETS := x86_64-pc-windows-gnu x86_64-pc-windows-msvc aarch64-pc-windows-msvc \
    aarch64-apple-darwin x86_64-apple-darwin aarch64-unknown-linux-gnu i686-unknown-linux-gnu \
    x86_64-unknown-linux-musl x86_64-unknown-freebsd

.PHONY: deb docs all demo test test-rust test-host stream lint check-targets bench bench-check mutants fork-soak soak cancel-bench coverage stress fuzz generate scramp dkimpy parser large install clean

all:
	$(CARGO) build --release --workspace --locked

demo: all
	$(PYTHON) demo/demo.py

test: all lint test-rust test-host

lint:
	@if $(CARGO) fmt --version >/dev/null 2>&1; then $(CARGO) fmt --all --check; \
	 else echo "skipped: rustfmt is not installed"; fi
	@if $(CARGO) fmt --version >/dev/null 2>&1; then cd benches && $(CARGO) fmt --all --check; fi
	@if $(CARGO) clippy --version >/dev/null 2>&1; then \
	 $(CARGO) clippy --workspace --all-targets --locked; \
	 else echo "skipped: clippy is not installed"; fi

check-targets:
	@tool=check; if $(CARGO) clippy --version >/dev/null 2>&1; then tool=clippy; fi; \
	 for target in $(TARGETS); do \
	  if ls "$$($(RUSTC) --print target-libdir --target $$target)"/libstd-* >/dev/null 2>&1; then \
	   echo "$$tool: $$target"; \
	   $(CARGO) $$tool --workspace --all-targets --locked --target $$target || exit 1; \
	  else echo "skipped: no library of $$target (rustup target add $$target)"; fi; done

test-rust:
	$(CARGO) test --workspace --locked
	$(CARGO) test -q -p secsmtp --locked --lib -- a_build_without_dkim_says_so
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc -p secsmtp --no-deps --locked

# The library as it is delivered: header and symbols, C, the declares, the command, real servers.
test-host: all
	$(PYTHON) -m unittest discover -v -s tests -t . -p '*_test.py'
	$(PYTHON) -m unittest discover -v -s bindings/python/tests -t .

stream: all
	SECSMTP_STREAM_MAILS=1000 $(PYTHON) -m unittest -v tests.real.stream_test

large: all
	SECSMTP_LARGE_BYTES=1000000000 $(PYTHON) -m unittest -v tests.real.compose_test.Large

generate:
	$(CARGO) run -q --locked -p secsmtp-tools -- generate

# The command writes its own man pages and completions; one for another system is built for this one first.
ifeq ($(CARGO_BUILD_TARGET),)
COMMAND := $(BUILD)/secsmtp$(EXE)
else
COMMAND := env -u CARGO_BUILD_TARGET $(CARGO) run -q --release --locked -p secsmtp-cli --
endif

docs: all
	$(PYTHON) tools/docs.py $(VERSION) $(TARGET)/docs
	$(COMMAND) man-pages $(TARGET)/docs
	$(COMMAND) completions bash > $(TARGET)/docs/secsmtp.bash
	$(COMMAND) completions zsh > $(TARGET)/docs/_secsmtp
	$(COMMAND) completions fish > $(TARGET)/docs/secsmtp.fish

SETTINGS = sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@VERSION@|$(VERSION)|' \
    -e 's|@LIBRARY@|$(LIBRARY)|' -e 's|@LINK@|$(LINK)|' -e 's|@INCLUDEDIR@|$(PREFIX)/include|' \
    -e 's|@STATIC@|$(STATIC)|'

install: all docs
	install -d $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(LIBDIR)/cmake/secsmtp \
	    $(DESTDIR)$(PREFIX)/include $(DESTDIR)$(PREFIX)/bin \
	    $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man3 \
	    $(DESTDIR)$(PREFIX)/share/doc/libsecsmtp/examples \
	    $(DESTDIR)$(PREFIX)/share/bash-completion/completions \
	    $(DESTDIR)$(PREFIX)/share/zsh/site-functions $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	install -m 755 $(BUILD)/$(BUILT) $(DESTDIR)$(LIBDIR)/$(LIBRARY)
	$(INSTALL_LINK) $(DESTDIR)$(LIBDIR)/$(LINK)
	install -m 644 $(BUILD)/libsecsmtp.a $(DESTDIR)$(LIBDIR)/libsecsmtp.a
	install -m 644 include/secsmtp.h $(DESTDIR)$(PREFIX)/include/secsmtp.h
	install -m 644 bindings/cpp/secsmtp.hpp $(DESTDIR)$(PREFIX)/include/secsmtp.hpp
	install -m 755 $(BUILD)/secsmtp$(EXE) $(DESTDIR)$(PREFIX)/bin/secsmtp$(EXE)
	$(SETTINGS) bindings/c/secsmtp.pc.in > $(DESTDIR)$(LIBDIR)/pkgconfig/secsmtp.pc
	$(SETTINGS) bindings/c/secsmtp-config.cmake.in \
	    > $(DESTDIR)$(LIBDIR)/cmake/secsmtp/secsmtp-config.cmake
	$(SETTINGS) bindings/c/secsmtp-config-version.cmake.in \
	    > $(DESTDIR)$(LIBDIR)/cmake/secsmtp/secsmtp-config-version.cmake
	install -m 644 $(TARGET)/docs/secsmtp*.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 $(TARGET)/docs/secsmtp.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/secsmtp
	install -m 644 $(TARGET)/docs/_secsmtp $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_secsmtp
	install -m 644 $(TARGET)/docs/secsmtp.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/secsmtp.fish
	install -m 644 $(TARGET)/docs/libsecsmtp.3 $(DESTDIR)$(PREFIX)/share/man/man3/libsecsmtp.3
	install -m 644 $(TARGET)/docs/secsmtp.html $(DESTDIR)$(PREFIX)/share/doc/libsecsmtp/secsmtp.html
	install -m 644 bindings/c/examples/*.c bindings/cpp/examples/*.cpp \
	    $(DESTDIR)$(PREFIX)/share/doc/libsecsmtp/examples

# The maintainer is set as in Debian: DEBFULLNAME and DEBEMAIL.
MAINTAINER = $(or $(DEBFULLNAME),The libsecsmtp authors) <$(or $(DEBEMAIL),authors@libsecsmtp.invalid)>
# Into a stage of its own, emptied first: nothing of an older one gets into a package.
deb:
	rm -rf $(TARGET)/deb
	$(MAKE) install PREFIX=/usr LIBDIR=/usr/lib/$$(dpkg-architecture -qDEB_HOST_MULTIARCH) \
	    DESTDIR=$(abspath $(TARGET))/deb/stage
	$(PYTHON) tools/deb.py $(TARGET)/deb/stage $(VERSION) $(TARGET)/deb '$(MAINTAINER)'

stress: all
	SECSMTP_STRESS_SECONDS=30 $(PYTHON) -m unittest -v \
	 tests.c.jobs_test.Jobs.test_eight_threads_may_do_everything_at_once

fork-soak: all
	SECSMTP_FORKS=6000 $(PYTHON) -m unittest -v tests.c.fork_test

soak:
	SECSMTP_SOAK_SECONDS=60 $(CARGO) test -p secsmtp --test wire --locked -- load --nocapture

# In release: what is measured is the library's, not the checks of a debug build.
cancel-bench:
	$(CARGO) test --release -p secsmtp --test wire --locked -- cancel --ignored --nocapture

coverage:
	$(PYTHON) tests/coverage.py

MUTANTS = $(abspath $(TARGET))/mutants
$(MUTANTS)/ready:
	$(CARGO) install --quiet --locked --root $(MUTANTS) cargo-mutants@27.1.0
	@touch $@

build/parser/ready: tests/mutants/requirements.txt
	$(PYTHON) -m venv build/parser
	build/parser/bin/pip install -q -r tests/mutants/requirements.txt
	@touch $@

parser: build/parser/ready

mutants: $(MUTANTS)/ready build/parser/ready
	build/parser/bin/python -m tests.mutants.run $(foreach folder,$(FOLDER),--folder $(folder)) \
	 $(if $(SINCE),--since $(SINCE)) $(if $(AGAIN),--again) $(if $(BUDGET),--budget $(BUDGET)) $(if $(TESTS),--tests '$(TESTS)')

build/scramp/ready: tests/support/scramp.txt
	$(PYTHON) -m venv build/scramp
	build/scramp/bin/pip install -q -r tests/support/scramp.txt
	@touch $@

scramp: build/scramp/ready

build/dkimpy/ready: tests/support/dkimpy.txt
	$(PYTHON) -m venv build/dkimpy
	build/dkimpy/bin/pip install -q -r tests/support/dkimpy.txt
	@touch $@

dkimpy: build/dkimpy/ready

# With the compiler's own switches, which a stable one has behind a name: no other tool is needed.
FUZZ_HOST   = $(shell rustc -vV | sed -n 's/^host: //p')
FUZZ_TARGET = $(abspath $(TARGET))/fuzz
FUZZ_FLAGS  = -Zsanitizer=address --cfg fuzzing -Cdebug-assertions
FUZZ_SECONDS ?= 60
fuzz:
	cd fuzz && RUSTC_BOOTSTRAP=1 RUSTC_WRAPPER=$(abspath fuzz/instrument.sh) \
	 RUSTFLAGS="$(FUZZ_FLAGS)" CARGO_TARGET_DIR=$(FUZZ_TARGET) \
	 $(CARGO) build --release --target $(FUZZ_HOST)
	@for target in $$(ls fuzz/fuzz_targets | sed 's/\.rs$$//'); do \
	 echo $$target; mkdir -p $(FUZZ_TARGET)/found/$$target; \
	 $(FUZZ_TARGET)/$(FUZZ_HOST)/release/$$target $(FUZZ_TARGET)/found/$$target fuzz/corpus/$$target \
	  -max_total_time=$(FUZZ_SECONDS) -timeout=60 -report_slow_units=60 -detect_leaks=0 \
	  -artifact_prefix=$(FUZZ_TARGET)/$$target- -print_final_stats=1 2>&1 | grep -E "^stat::number_of_executed|ERROR|panicked|Test unit" ; \
	 test -z "$$(ls $(FUZZ_TARGET)/$$target-* 2>/dev/null)" || exit 1; done

bench: all
	$(PYTHON) benches/bench.py

# The sink's own tests come first: a sink that miscounts would hold nothing.
bench-check: all
	cd benches && $(CARGO) test --release --locked --quiet -p bench-sink --target-dir $(abspath $(TARGET))/benches
	$(PYTHON) benches/check.py

clean:
	$(CARGO) clean
	rm -rf build
