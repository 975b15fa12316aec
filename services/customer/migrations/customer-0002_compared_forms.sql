-- Compared forms of e-mail, phone and document number: docs/adr/0020. Unique indexes and lookups use them, so two spellings are one value.

-- Removes spaces, dots, hyphens and invisible characters, a CNPJ's slash, and the check digit that a NIT or RUT of ten digits or more has.
create function compared_document(type text, number text) returns text
  language sql immutable
as $$
  select nullif(case when type in ('nit', 'rut') and cleaned ~ '^[0-9]{10,}$' then left(cleaned, -1) else cleaned end, '')
    from (
      select upper(regexp_replace(number, case type when 'cnpj' then '[/' else '[' end
        || '\s.\-\u00AD\u02D7\u034F\u058A\u05BE\u061C\u115F\u1160\u1400\u17B4\u17B5\u1806\u180B-\u180F\u200B-\u2015\u202A-\u202E\u2043\u2060-\u206F'
        || '\u207B\u208B\u2212\u2E17\u2E1A\u2E3A\u2E3B\u2E40\u2E5D\u301C\u3030\u30A0\u3164\uFE00-\uFE0F\uFE31\uFE32\uFE58\uFE63\uFEFF\uFF0D\uFFA0'
        || '\uFFF0-\uFFFB\U00010D6E\U00010EAD\U0001BCA0-\U0001BCA3\U0001D173-\U0001D17A\U000E0000-\U000E0FFF]', '', 'g')) as cleaned
    ) as cleaning
$$;

drop index customers_email_taken, customers_phone_taken, customers_document_number_taken;
-- One rewrite of the table: domains are stored in lower case from now on; generated columns fill the new ones, then become plain ones.
set local maintenance_work_mem = '256MB';
alter table customers
  alter column email type text using left(email, strpos(email, '@')) || lower(substr(email, strpos(email, '@') + 1)),
  add column email_key text generated always as (lower(email)) stored,
  add column phone_key text generated always as (ltrim(phone, '+')) stored,
  add column document_key text generated always as (compared_document(document_type, document_number)) stored;
alter table customers
  alter column email_key drop expression,
  alter column phone_key drop expression,
  alter column document_key drop expression;
comment on column customers.email_key is 'personal: the e-mail as it is compared';
comment on column customers.phone_key is 'personal: the phone as it is compared';
comment on column customers.document_key is 'sensitive: the document number as it is compared';

-- Keeps both of two records whose values are one by now: the older holds the value, the other has no compared form.
with later as (
  select company_id, id,
         email_key is not null and row_number() over (partition by company_id, email_key order by created_at, id) > 1 as email,
         phone_key is not null and row_number() over (partition by company_id, phone_key order by created_at, id) > 1 as phone,
         document_key is not null and row_number() over (partition by company_id, document_key order by created_at, id) > 1 as document
    from customers where deleted_at is null
)
update customers as c
   set email_key = case when not later.email then c.email_key end,
       phone_key = case when not later.phone then c.phone_key end,
       document_key = case when not later.document then c.document_key end
  from later
 where (c.company_id, c.id) = (later.company_id, later.id) and (later.email or later.phone or later.document);

-- Keeps the names of the indexes, which say the field of a conflict.
create unique index customers_email_taken on customers (company_id, email_key) where deleted_at is null;
create unique index customers_phone_taken on customers (company_id, phone_key) where deleted_at is null;
create unique index customers_document_number_taken on customers (company_id, document_key) where deleted_at is null;

-- Runs in the database, so that every writer compares alike. An empty compared form stays empty until its field changes.
create function set_compared_forms() returns trigger
  language plpgsql
  set search_path = public
as $$
begin
  if tg_op = 'INSERT' or new.email is distinct from old.email then
    new.email_key := lower(new.email);
  end if;
  if tg_op = 'INSERT' or new.phone is distinct from old.phone then
    new.phone_key := ltrim(new.phone, '+');
  end if;
  if tg_op = 'INSERT' or (new.document_type, new.document_number) is distinct from (old.document_type, old.document_number) then
    new.document_key := compared_document(new.document_type, new.document_number);
  end if;
  return new;
end
$$;
create trigger customers_compared_forms before insert or update of email, phone, document_type, document_number on customers
  for each row execute function set_compared_forms();
