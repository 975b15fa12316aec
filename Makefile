# The front door for people; each verb is the npm script of the same name (test-large is test:large).
.DEFAULT_GOAL := help
.PHONY: help start demo test test-large chaos check format openapi bench bench-customers bench-identity logs resend-failed-events recount reset-superuser rotate-signing-key rotate-service-keys

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 26

start: ## run everything on this machine; Ctrl-C stops it
	@npm run --silent start

demo: ## fill a running street with believable data
	@npm run --silent demo

test: ## install what is missing and pass every test
	@npm run --silent test

test-large: ## the longer tests: 100,000 customers, a broker misused, the demo
	@npm run --silent test:large

chaos: ## everything is killed while it works (CHAOS_SEED=… for the same chances again)
	@npm run --silent chaos

check: ## types, lint, walls, format, OpenAPI unchanged
	@npm run --silent check

format: ## format all, mend what the linter can
	@npm run --silent format

openapi: ## write each service's openapi.json anew
	@npm run --silent openapi

bench: ## measure against bare Express and pg (ARGS="-- --quick")
	@npm run --silent bench $(ARGS)

bench-customers: ## measure lists and searches of a million customers
	@npm run --silent bench:customers $(ARGS)

bench-identity: ## measure lists and figures of 100,000 users
	@npm run --silent bench:identity

logs: ## follow the logs of all programs
	@npm run --silent logs

resend-failed-events: ## let all events that did not get through be sent again
	@npm run --silent resend-failed-events

recount: ## hold all customers' counters against what is recorded, and repair them (ARGS="-- --check" only looks)
	@npm run --silent recount $(ARGS)

reset-superuser: ## a new password for the superuser
	@npm run --silent reset-superuser

rotate-signing-key: ## another key for access tokens; nobody is signed out (ARGS="-- receipts": for receipts)
	@npm run --silent rotate-signing-key $(ARGS)

rotate-service-keys: ## other keys between the programs, from the next start on
	@npm run --silent rotate-service-keys
