-- What was heard and could not be done: kept with its reason until it is sent again.
create table dead_letters (
  event_id uuid primary key,
  envelope jsonb not null,
  attempts integer not null,
  reason text not null,
  failed_at timestamptz(3) not null default now()
);
create index dead_letters_failed on dead_letters (failed_at, event_id);
create index outbox_deliveries_failed on outbox_deliveries (failed_at, event_id) where failed_at is not null;

comment on column dead_letters.event_id is 'technical';
comment on column dead_letters.envelope is 'technical: ids, numbers, states, names of fields; never a person''s values';
comment on column dead_letters.attempts is 'technical';
comment on column dead_letters.reason is 'technical';
comment on column dead_letters.failed_at is 'technical';
