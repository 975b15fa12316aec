-- no-transaction
create index concurrently if not exists interactions_of_company on interactions (company_id, occurred_at desc, id desc);
