-- Outbox: events this service publishes, written in the transaction of the change, with one delivery per subscriber.
create table outbox_events (
  id uuid primary key,
  envelope jsonb not null,
  created_at timestamptz(3) not null default now()
);
create table outbox_deliveries (
  event_id uuid not null references outbox_events (id) on delete cascade,
  subscriber text not null,
  aggregate text not null,
  attempts integer not null default 0,
  next_attempt_at timestamptz(3) not null default now(),
  last_error text,
  failed_at timestamptz(3),
  primary key (event_id, subscriber)
);
create index outbox_deliveries_due on outbox_deliveries (subscriber, event_id) where failed_at is null;
create index outbox_deliveries_aggregate on outbox_deliveries (subscriber, aggregate, event_id) where failed_at is null;
create index outbox_deliveries_failed on outbox_deliveries (failed_at, event_id) where failed_at is not null;

-- Inbox: events this service has processed, written in the transaction of their effect, so that the effect happens once.
create table inbox_events (
  event_id uuid primary key,
  name text not null,
  processed_at timestamptz(3) not null default now()
);

-- Events whose handlers failed here, kept with the reason until they are resent.
create table dead_letters (
  event_id uuid primary key,
  envelope jsonb not null,
  attempts integer not null,
  reason text not null,
  failed_at timestamptz(3) not null default now()
);
create index dead_letters_failed on dead_letters (failed_at, event_id);

comment on column outbox_events.envelope is 'technical: ids, numbers, states, names of fields; never a person''s values';
comment on column dead_letters.envelope is 'technical: ids, numbers, states, names of fields; never a person''s values';
select migrations.comment_technical('outbox_events', 'id', 'created_at');
select migrations.comment_technical(
  'outbox_deliveries', 'event_id', 'subscriber', 'aggregate', 'attempts', 'next_attempt_at', 'last_error', 'failed_at'
);
select migrations.comment_technical('inbox_events', 'event_id', 'name', 'processed_at');
select migrations.comment_technical('dead_letters', 'event_id', 'attempts', 'reason', 'failed_at');
