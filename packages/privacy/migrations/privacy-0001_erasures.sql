-- How far the erasing of a person has come in this service, and what it came to: asked for again, it goes on, or says the same.
create table erasures (
  company_id uuid not null,
  request_id uuid not null,
  asked jsonb not null,
  person jsonb,
  progress jsonb,
  report json,
  begun_at timestamptz(3) not null default now(),
  done_at timestamptz(3),
  primary key (company_id, request_id)
);

comment on column erasures.company_id is 'technical';
comment on column erasures.request_id is 'technical';
comment on column erasures.asked is 'technical: the ids by which the person was named';
comment on column erasures.person is 'technical: those of them that this service knows; null until it has begun';
comment on column erasures.progress is 'technical: the step it is at, where that goes on, and how many rows each has touched';
comment on column erasures.report is 'technical: counts, names of tables and columns; as it was sent';
comment on column erasures.begun_at is 'technical';
comment on column erasures.done_at is 'technical';
