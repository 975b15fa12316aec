create extension if not exists pg_trgm;
create extension if not exists btree_gin;

-- Generated product numbers; companies assign their own numbers below the start.
create sequence product_numbers as bigint start 10000000 minvalue 10000000;

create table products (
  company_id uuid not null,
  id uuid not null,
  number bigint not null default nextval('product_numbers'),
  sku text,
  name text not null,
  description text,
  type text not null,
  price numeric(15, 2) not null,
  currency text not null,
  is_active boolean not null default true,
  metadata jsonb not null default '{}',
  search_text text not null,
  version bigint not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  primary key (company_id, id),
  constraint products_number_taken unique (company_id, number),
  constraint products_sku_taken unique (company_id, sku),
  constraint products_type check (type in ('product', 'service')),
  constraint products_price check (price >= 0)
);
create index products_created_at on products (company_id, created_at desc, id desc);
create index products_name on products (company_id, name, id);
create index products_price on products (company_id, price, id);
create index products_search_text on products using gin (company_id, search_text gin_trgm_ops);

comment on column products.number is 'business';
comment on column products.sku is 'business';
comment on column products.name is 'business';
comment on column products.description is 'business';
comment on column products.type is 'business';
comment on column products.price is 'business';
comment on column products.currency is 'business';
comment on column products.is_active is 'business';
comment on column products.metadata is 'business';
comment on column products.search_text is 'business: name, sku and description, normalised for search';
select migrations.comment_technical('products', 'company_id', 'id', 'version', 'created_at', 'updated_at');
