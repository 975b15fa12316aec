-- Progress and result of erasing a person from this service. A repeated request resumes, or returns the same report.
create table erasures (
  company_id uuid not null,
  request_id uuid not null,
  person jsonb not null,
  resolved_person jsonb,
  progress jsonb,
  report json,
  started_at timestamptz(3) not null default now(),
  done_at timestamptz(3),
  primary key (company_id, request_id)
);

comment on column erasures.person is 'technical: the ids in the request';
comment on column erasures.resolved_person is 'technical: the ids that this service acts on; null before the first transaction';
comment on column erasures.progress is 'technical: current step, the key after which it continues, rows counted by step, finished steps';
comment on column erasures.report is 'technical: names of tables and columns, and counts, as sent';
select migrations.comment_technical('erasures', 'company_id', 'request_id', 'started_at', 'done_at');
