-- What a company calls its customers. The labels stand in customers.tags as well, in the order in which they are answered.
create table customer_tags (
  company_id uuid not null,
  id uuid not null,
  customer_id uuid not null,
  label text not null,
  color text,
  priority integer not null default 0,
  created_by text not null,
  created_at timestamptz(3) not null default now(),
  primary key (company_id, id),
  foreign key (company_id, customer_id) references customers (company_id, id) on delete cascade
);
create unique index customer_tags_label_taken on customer_tags (company_id, customer_id, lower(label));
create index customer_tags_label on customer_tags (company_id, lower(label), customer_id);

comment on column customer_tags.company_id is 'technical';
comment on column customer_tags.id is 'technical';
comment on column customer_tags.customer_id is 'technical';
comment on column customer_tags.label is 'personal: what a company thinks of the person';
comment on column customer_tags.color is 'business';
comment on column customer_tags.priority is 'business';
comment on column customer_tags.created_by is 'personal: the user who gave it';
comment on column customer_tags.created_at is 'technical';
