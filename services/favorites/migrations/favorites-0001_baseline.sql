-- The legacy clients of these routes expect integers: an id from a sequence, and the numbers of customer and product.
create sequence favorite_ids as bigint;

-- Customers who have or had a favorite. Adding a favorite locks the row until the commit, and a hard deletion of the customer marks it, so
-- that nothing is written for a deleted customer. The row stays, because late requests may still arrive.
create table customer_locks (
  company_id uuid not null,
  customer_id uuid not null,
  is_hard_deleted boolean not null default false,
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
  -- Unique by ids, because the number of a hard-deleted customer may be assigned again.
  constraint favorites_once unique (company_id, customer_id, product_id),
  constraint favorites_customer foreign key (company_id, customer_id) references customer_locks (company_id, customer_id)
);
create index favorites_user_id on favorites (company_id, user_id, id);
create index favorites_item_id on favorites (company_id, item_id, id);
create index favorites_created_at on favorites (company_id, created_at);

comment on column customer_locks.is_hard_deleted is 'technical: the customer was hard-deleted; new records are rejected';
comment on column favorites.user_id is 'business: the customer''s number';
comment on column favorites.item_id is 'business: the product''s number';
comment on column favorites.created_at is 'business';
select migrations.comment_technical('customer_locks', 'company_id', 'customer_id');
select migrations.comment_technical('favorites', 'company_id', 'id', 'customer_id', 'product_id', 'version');
