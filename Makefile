# Each target runs the npm script of the same name (test-large is test:large).
.DEFAULT_GOAL := help
.PHONY: help start demo test test-large test-browser test-console chaos check doctor backup restore format openapi bench bench-console bench-customers bench-identity bench-import bench-overload bench-tracing console profile sbom import import-vaptekesync logs mails resend-failed-events recount reset-superuser resilience-table rotate-signing-key rotate-service-keys screenshots

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-20s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

start: ## run everything on this machine; Ctrl-C stops it
	@npm run --silent start

demo: ## load demo data into a running fleet
	@npm run --silent demo

console: ## serve the web console with hot reload, in front of a running fleet
	@npm run --silent console

test: ## install what is missing and run the tests
	@npm run --silent test

test-large: ## run the longer tests: 100,000 customers, broker failures, demo data
	@npm run --silent test:large

test-browser: ## test the pages of the documentation in Chromium
	@npm run --silent test:browser

test-console: ## test the web console in Chromium
	@npm run --silent test:console

chaos: ## run the fault-injection suite (CHAOS_SEED=… repeats its decisions)
	@npm run --silent chaos

check: ## check types, lint, import boundaries, format, OpenAPI documents and terms
	@npm run --silent check

format: ## format everything and apply the linter's fixes
	@npm run --silent format

sbom: ## print what the images contain, as CycloneDX, from the lock file
	@npm run --silent sbom

openapi: ## write each service's openapi.json
	@npm run --silent openapi

bench: ## measure everything beside its references; writes docs/benchmarks.md (ARGS="-- --quick")
	@npm run --silent bench $(ARGS)

profile: ## profile a case of the benchmark (ARGS="-- get")
	@npm run --silent profile $(ARGS)

screenshots: ## take pictures of all screens of the console, for a person to look at
	@npm run --silent screenshots

bench-console: ## measure the web console in Chromium beside its budgets (ARGS="-- --million")
	@npm run --silent bench:console $(ARGS)

bench-customers: ## measure lists and searches of 1,000,000 customers
	@npm run --silent bench:customers $(ARGS)

bench-identity: ## measure lists and statistics of 100,000 users
	@npm run --silent bench:identity

bench-import: ## import 1,000,000 customers: rate, costs, memory, reads beside it
	@npm run --silent bench:import $(ARGS)

bench-overload: ## offer five times what the fleet can do (ARGS="-- --quick")
	@npm run --silent bench:overload $(ARGS)

bench-tracing: ## measure what traces cost (ARGS="-- --quick", "-- --base <checkout>")
	@npm run --silent bench:tracing $(ARGS)

import: ## import a file of customers into a running fleet (ARGS="-- FILE")
	@npm run --silent import $(ARGS)

import-vaptekesync: ## import customers from vAptekeSync
	@npm run --silent import-vaptekesync $(ARGS)

logs: ## follow the logs of all services
	@npm run --silent logs

mails: ## list the mails that were written instead of sent (ARGS="-- 1" shows the newest)
	@npm run --silent mails $(ARGS)

resend-failed-events: ## resend all failed events
	@npm run --silent resend-failed-events

doctor: ## list what needs a person: doubles that a migration kept (ends with 1 when there are any)
	@npm run --silent doctor

backup: ## back this installation up while it runs (ARGS="-- FOLDER")
	@npm run --silent backup $(ARGS)

restore: ## make a backup this installation (ARGS="-- BACKUP")
	@npm run --silent restore $(ARGS)

recount: ## recompute customer counters and repair differences (ARGS="-- --check" only compares)
	@npm run --silent recount $(ARGS)

reset-superuser: ## set a new superuser password (ARGS="-- --mfa": also remove the second factor)
	@npm run --silent reset-superuser $(ARGS)

rotate-signing-key: ## add a signing key for access tokens (ARGS="-- receipts": for receipts)
	@npm run --silent rotate-signing-key $(ARGS)

rotate-service-keys: ## replace the keys between services from the next start on
	@npm run --silent rotate-service-keys

resilience-table: ## write docs/resilience.md from the tested cells
	@npm run --silent resilience-table
