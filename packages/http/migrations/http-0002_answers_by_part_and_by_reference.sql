-- A door that works in several transactions keeps one row for each part; a long answer is kept as what it is built from again.
alter table idempotency_keys
  add column part text not null default '',
  add column headers jsonb,
  add column reference text,
  -- As it was sent: jsonb would put its fields into another order.
  alter column answer type json using answer::json,
  drop constraint idempotency_keys_pkey,
  add primary key (company_id, actor_id, method, path, key, part);

comment on column idempotency_keys.part is 'technical: which part of the request; empty for the whole';
comment on column idempotency_keys.headers is 'technical: those that the door set';
comment on column idempotency_keys.reference is 'technical: the id of what a long answer is built from again';
