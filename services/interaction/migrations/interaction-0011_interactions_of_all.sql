-- no-transaction
-- The order of a superuser's list over all companies.
create index concurrently if not exists interactions_of_all on interactions (occurred_at desc, id desc);
