-- no-transaction
create index concurrently if not exists interactions_by_type on interactions (company_id, type, occurred_at desc, id desc);
