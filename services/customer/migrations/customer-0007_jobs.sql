-- Work that outlives a request, such as an import. Workers claim a row for a while, and claim it again when its worker died: docs/adr/0027.
create table jobs (
  company_id uuid not null,
  id uuid not null,
  kind text not null,
  input jsonb not null default '{}',
  status text not null default 'queued' check (status in ('queued', 'running', 'done', 'cancelled', 'failed')),
  total bigint,
  done bigint not null default 0,
  error text,
  created_by text not null,
  request_id text not null,
  created_at timestamptz(3) not null default now(),
  started_at timestamptz(3),
  ended_at timestamptz(3),
  attempt integer not null default 0,
  worker uuid,
  attempt_started_at timestamptz(3),
  attempt_done bigint not null default 0,
  failures integer not null default 0,
  cancel_requested boolean not null default false,
  due_at timestamptz(3) not null default now(),
  primary key (company_id, id)
);
create index jobs_newest on jobs (company_id, created_at desc, id desc);
create index jobs_unfinished on jobs (due_at) where status in ('queued', 'running');
create index jobs_running on jobs (company_id) where status = 'running';
create index jobs_ended_at on jobs (ended_at) where ended_at is not null;
create index jobs_author on jobs (company_id, created_by);

comment on column jobs.kind is 'business: what it does, such as customers.import';
comment on column jobs.input is 'business: what its handler needs, without anybody''s values';
comment on column jobs.status is 'business';
comment on column jobs.total is 'business: amount of work; null while unknown';
comment on column jobs.done is 'business: amount of committed work';
comment on column jobs.error is 'business: why it failed, without anybody''s values';
comment on column jobs.created_by is 'personal: the user who started it, or service:<name>';
comment on column jobs.created_at is 'business';
comment on column jobs.started_at is 'business: the start of the first attempt';
comment on column jobs.ended_at is 'business';
comment on column jobs.attempt is 'technical: raised by each claim; a worker with an earlier number commits nothing';
comment on column jobs.worker is 'technical: the worker of the attempt, which the service releases when its process ended';
comment on column jobs.attempt_done is 'technical: done at the start of the attempt, for the estimated end';
comment on column jobs.failures is 'technical: interrupted attempts since the last progress';
comment on column jobs.due_at is 'technical: queued: the earliest start; running: when another worker may claim it';
select migrations.comment_technical('jobs', 'company_id', 'id', 'request_id', 'attempt_started_at', 'cancel_requested');
