-- no-transaction
create index concurrently if not exists interactions_scheduled on interactions (company_id, scheduled_at) where scheduled_at is not null;
