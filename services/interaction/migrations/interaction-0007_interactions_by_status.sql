-- no-transaction
create index concurrently if not exists interactions_by_status on interactions (company_id, status, occurred_at desc, id desc)
  include (type, priority) where status is not null;
