-- Imports of customers: docs/adr/0032. The id is that of the job that runs it. The job has status, progress and times; the import has
-- them once it is closed: 7 days after its end, when its file and its errors are deleted.
create table customer_imports (
  company_id uuid not null,
  id uuid not null,
  source text not null check (source in ('file', 'vaptekesync')),
  file text,
  upload_started_at timestamptz(3) not null default now(),
  encoding text,
  separator text,
  format text,
  mapping jsonb,
  left_behind jsonb not null default '[]',
  analysis jsonb,
  match_on text not null check (match_on in ('email', 'phone', 'external_id')),
  on_match text not null check (on_match in ('skip', 'update')),
  dry_run boolean not null default false,
  country text not null,
  currency text not null,
  position bigint not null default 0,
  read bigint not null default 0,
  created bigint not null default 0,
  updated bigint not null default 0,
  skipped bigint not null default 0,
  failed bigint not null default 0,
  warnings bigint not null default 0,
  problems bigint not null default 0,
  source_counts jsonb,
  error_code text,
  error text,
  erasures_wanted integer not null default 0,
  erasures_done integer not null default 0,
  erased_rows bigint[] not null default '{}',
  created_by text not null,
  created_at timestamptz(3) not null default now(),
  closed_status text check (closed_status in ('done', 'cancelled', 'failed')),
  started_at timestamptz(3),
  ended_at timestamptz(3),
  primary key (company_id, id)
);
create index customer_imports_newest on customer_imports (company_id, created_at desc, id desc);
-- The imports whose files and errors are still stored.
create index customer_imports_open on customer_imports (company_id, created_at) where closed_status is null;
create index customer_imports_author on customer_imports (company_id, created_by);
select migrations.comment_technical('customer_imports', 'company_id', 'id', 'created_at', 'position');
comment on column customer_imports.source is 'business';
comment on column customer_imports.file is 'technical: the random name of the stored file; null when there is none, or none any more';
comment on column customer_imports.upload_started_at is 'technical: an erasure since then concerns the file';
comment on column customer_imports.encoding is 'technical: as chosen by the caller, then as detected';
comment on column customer_imports.separator is 'technical: as chosen by the caller, then as detected';
comment on column customer_imports.format is 'technical';
comment on column customer_imports.mapping is 'business: names of columns and of fields, never a value';
comment on column customer_imports.left_behind is 'business: names of columns, never a value';
comment on column customer_imports.analysis is 'technical: how the file is read, so that a resumed import reads it in the same way';
comment on column customer_imports.match_on is 'business';
comment on column customer_imports.on_match is 'business';
comment on column customer_imports.dry_run is 'business';
comment on column customer_imports.country is 'business: of the company, at the time; reads national phone numbers';
comment on column customer_imports.currency is 'business: of the company, at the time';
comment on column customer_imports.read is 'business';
comment on column customer_imports.created is 'business';
comment on column customer_imports.updated is 'business';
comment on column customer_imports.skipped is 'business';
comment on column customer_imports.failed is 'business';
comment on column customer_imports.warnings is 'business: values left out of imported rows';
comment on column customer_imports.problems is 'technical: rows of customer_import_errors, which are bounded';
comment on column customer_imports.source_counts is 'business: further counts of this source';
comment on column customer_imports.error_code is 'technical';
comment on column customer_imports.error is 'technical: why the whole import failed, without a value of the file';
comment on column customer_imports.erasures_wanted is 'technical: erasures whose people may be in the stored file';
comment on column customer_imports.erasures_done is 'technical: those of them whose people are no longer in it';
comment on column customer_imports.closed_status is 'technical: the status of the job, once file and errors are deleted';
comment on column customer_imports.started_at is 'business: that of the job, once the import is closed';
comment on column customer_imports.ended_at is 'business: that of the job, once the import is closed';
comment on column customer_imports.erased_rows is 'technical: rows of the file from which a customer was imported who is erased since';
comment on column customer_imports.created_by is 'personal: the user who started the import';

-- What an import did not take over, by row of the file.
create table customer_import_errors (
  company_id uuid not null,
  import_id uuid not null,
  row_number bigint not null,
  ordinal integer not null,
  column_name text,
  reason text not null,
  primary key (company_id, import_id, row_number, ordinal),
  foreign key (company_id, import_id) references customer_imports (company_id, id) on delete cascade
);
select migrations.comment_technical('customer_import_errors', 'company_id', 'import_id', 'row_number', 'ordinal');
comment on column customer_import_errors.column_name is 'business: the column as the file names it';
comment on column customer_import_errors.reason is 'technical: holds no personal value';
