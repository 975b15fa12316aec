-- What a company's people write down about a customer.
create table customer_notes (
  company_id uuid not null,
  customer_id uuid not null,
  id uuid not null,
  content text not null,
  created_by text not null,
  created_at timestamptz(3) not null default now(),
  primary key (company_id, customer_id, id),
  foreign key (company_id, customer_id) references customers (company_id, id) on delete cascade
);
create index customer_notes_newest on customer_notes (company_id, customer_id, created_at desc, id desc);

comment on column customer_notes.company_id is 'technical';
comment on column customer_notes.customer_id is 'technical';
comment on column customer_notes.id is 'technical';
comment on column customer_notes.content is 'sensitive: free text about the person';
comment on column customer_notes.created_by is 'personal: the user who wrote it';
comment on column customer_notes.created_at is 'technical';
