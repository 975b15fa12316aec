-- Integers throughout, as the clients of these paths know them: an id from a sequence, a customer and a product by their numbers.
create sequence favorite_ids as bigint;

-- Customers who have or had a favorite. Whoever adds one holds the row until the commit, and a customer's removal takes it too, so
-- nothing is written for one who is gone. A removed one stays as `gone`: its last requests may still be on their way.
create table customer_locks (
  company_id uuid not null,
  customer_id uuid not null,
  gone boolean not null default false,
  primary key (company_id, customer_id)
);

create table favorites (
  company_id uuid not null,
  id bigint not null default nextval('favorite_ids'),
  customer_id uuid not null,
  product_id uuid not null,
  user_id bigint not null,
  item_id bigint not null,
  version bigint not null default 1,
  created_at timestamptz(3) not null default now(),
  primary key (company_id, id),
  -- By the ids, not the numbers: a removed customer's number may be given to somebody else.
  constraint favorites_once unique (company_id, customer_id, product_id),
  constraint favorites_customer foreign key (company_id, customer_id) references customer_locks (company_id, customer_id)
);
create index favorites_user_id on favorites (company_id, user_id, id);
create index favorites_item_id on favorites (company_id, item_id, id);
create index favorites_created_at on favorites (company_id, created_at);

comment on column customer_locks.company_id is 'technical';
comment on column customer_locks.customer_id is 'technical';
comment on column customer_locks.gone is 'technical: removed for good';
comment on column favorites.company_id is 'technical';
comment on column favorites.id is 'technical';
comment on column favorites.customer_id is 'technical';
comment on column favorites.product_id is 'technical';
comment on column favorites.user_id is 'business: the customer''s number';
comment on column favorites.item_id is 'business: the product''s number';
comment on column favorites.version is 'technical';
comment on column favorites.created_at is 'business';
