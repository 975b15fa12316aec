-- What an insert of a customer computes: the same values, with less work in the database (docs/adr/0043).

-- PostgreSQL tries to inline a function in SQL, so it parsed the text of this one at each insert. In PL/pgSQL a session parses it once.
create or replace function search_keys(search_text text, tags text[]) returns text[]
  language plpgsql immutable parallel safe
as $$
begin
  return array(
    select distinct pair[1] from regexp_matches(search_text, '[a-z0-9][^a-zA-Z0-9|\s]{1,8}[a-z0-9]', 'g') as pair
    union all
    select '#' || lower(label) from unnest(tags) as label
  );
end
$$;

-- An insert compares nothing with an earlier row, and a customer without a document needs no compared form of one.
create function set_compared_forms_of_new() returns trigger
  language plpgsql
as $$
begin
  new.email_key := lower(new.email);
  new.phone_key := ltrim(new.phone, '+');
  if new.document_number is not null then
    new.document_key := public.compared_document(new.document_type, new.document_number);
  end if;
  return new;
end
$$;
create trigger customers_compared_forms_of_new before insert on customers
  for each row execute function set_compared_forms_of_new();
drop trigger customers_compared_forms on customers;
create trigger customers_compared_forms before update of email, phone, document_type, document_number on customers
  for each row execute function set_compared_forms();

-- Counts in one statement, still in key order, so that concurrent changes cannot deadlock.
create or replace function count_customers() returns trigger
  language plpgsql
  set search_path = public
as $$
begin
  insert into customer_counts (company_id, status, type, deleted, slot, customers)
    select company_id, status, type, deleted_at is not null, (pg_backend_pid() % 64)::smallint,
           case tg_op when 'INSERT' then count(*) else -count(*) end
      from changed group by 1, 2, 3, 4 order by 1, 2, 3, 4
  on conflict on constraint customer_counts_pkey do update set customers = customer_counts.customers + excluded.customers;
  return null;
end
$$;
