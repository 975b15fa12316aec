-- no-transaction
create index concurrently if not exists interactions_by_priority on interactions (company_id, priority, occurred_at desc, id desc)
  include (type, status) where priority is not null;
