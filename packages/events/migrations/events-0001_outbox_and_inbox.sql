-- What this service has to say: written in the transaction of the change, with one delivery for each subscriber.
create table outbox_events (
  id uuid primary key,
  envelope jsonb not null,
  written_at timestamptz(3) not null default now()
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

-- What this service has heard: written in the transaction of the effect, so that the effect happens once.
create table inbox_events (
  event_id uuid primary key,
  name text not null,
  processed_at timestamptz(3) not null default now()
);

comment on column outbox_events.id is 'technical';
comment on column outbox_events.envelope is 'technical: ids, numbers, states, names of fields; never a person''s values';
comment on column outbox_events.written_at is 'technical';
comment on column outbox_deliveries.event_id is 'technical';
comment on column outbox_deliveries.subscriber is 'technical';
comment on column outbox_deliveries.aggregate is 'technical';
comment on column outbox_deliveries.attempts is 'technical';
comment on column outbox_deliveries.next_attempt_at is 'technical';
comment on column outbox_deliveries.last_error is 'technical';
comment on column outbox_deliveries.failed_at is 'technical';
comment on column inbox_events.event_id is 'technical';
comment on column inbox_events.name is 'technical';
comment on column inbox_events.processed_at is 'technical';
