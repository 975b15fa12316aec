-- What was heard and could not be done: kept with its reason until it is sent again.
create table inbox_failures (
  event_id uuid primary key,
  envelope jsonb not null,
  attempts integer not null,
  reason text not null,
  failed_at timestamptz(3) not null default now()
);
create index inbox_failures_failed on inbox_failures (failed_at, event_id);
create index outbox_deliveries_failed on outbox_deliveries (failed_at, event_id) where failed_at is not null;

comment on column inbox_failures.event_id is 'technical';
comment on column inbox_failures.envelope is 'technical: ids, numbers, states, names of fields; never a person''s values';
comment on column inbox_failures.attempts is 'technical';
comment on column inbox_failures.reason is 'technical';
comment on column inbox_failures.failed_at is 'technical';
