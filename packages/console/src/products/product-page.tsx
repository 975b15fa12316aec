import type { Product } from '@clientela/client';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useCan } from '../api/session.ts';
import { Form } from '../forms/form.tsx';
import { LeaveGuard } from '../forms/leave-guard.tsx';
import { useRecordForm } from '../forms/use-record-form.ts';
import { queryClient } from '../api/query-client.ts';
import { Back } from '../ui/back.tsx';
import styles from '../ui/bar.module.css';
import { Button } from '../ui/button.tsx';
import { describeError, Failure } from '../ui/failure.tsx';
import { Money } from '../ui/money.tsx';
import { Page } from '../ui/page.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { toast } from '../ui/toast.tsx';
import { visible } from '../ui/visible.tsx';
import { bodyOf, productFields, valuesOf } from './fields.ts';
import { ProductFacts } from './product-facts.tsx';
import { ProductFields } from './product-fields.tsx';
import { productQuery, saveProduct, setActive } from './queries.ts';

const route = getRouteApi('/frame/products/$productId');

/** A product: its form, whether it is offered, and how many customers like it. */
export function ProductPage() {
  const { t } = useTranslation();
  const { productId } = route.useParams();
  const { data, error, refetch } = useQuery(productQuery(productId));
  const can = useCan();
  const title = data?.name ?? t('products.title');
  return (
    <Page
      title={title}
      back={<Back to="/products">{t('products.title')}</Back>}
      actions={data && <StateButton product={data} />}
    >
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!error && !data && <Skeleton lines={6} />}
      {data && <ProductFacts product={data} />}
      {data && can('products:update') && <ProductForm key={data.id} product={data} />}
      {data && !can('products:update') && <ReadOnly product={data} />}
    </Page>
  );
}

function ProductForm({ product }: { product: Product }) {
  const { t } = useTranslation();
  const stored = (from: Product) => ({ values: valuesOf(from), version: from.version });
  const form = useRecordForm({
    stored: stored(product),
    save: async (changes, version) => stored(await saveProduct(product.id, bodyOf(changes), version)),
    read: async () => stored(await queryClient.fetchQuery({ ...productQuery(product.id), staleTime: 0 })),
    onSaved: (taken) => {
      const names = taken.map((key) => t(`products.${key}` as 'products.price'));
      toast(taken.length > 0 ? t('forms.savedWith', { fields: names.join(', ') }) : t('forms.saved'));
    },
  });
  return (
    <Form onSubmit={() => void form.submit()} error={form.error} shown={productFields}>
      <ProductFields
        values={form.draft}
        set={form.set}
        errors={form.fields}
        conflicts={form.conflicts}
        onTake={form.settle}
      />
      <div className={styles.buttons}>
        <Button type="submit" look="primary" isPending={form.isBusy} isDisabled={!form.isDirty}>
          {t('common.save')}
        </Button>
        {form.isDirty && <Button onPress={form.reset}>{t('forms.discard')}</Button>}
      </div>
      <LeaveGuard isDirty={form.isDirty} />
    </Form>
  );
}

/** Takes the product out of the offer, or back in. The toast takes it back. */
function StateButton({ product: { id, name, is_active } }: { product: Product }) {
  const { t } = useTranslation();
  const can = useCan();
  if (!can(is_active ? 'products:delete' : 'products:update')) return null;
  const change = async (isActive: boolean) => {
    try {
      await setActive(id, isActive);
      const text = t(isActive ? 'products.activated' : 'products.deactivated', { name });
      toast(text, { label: t('common.undo'), run: () => void change(!isActive) });
    } catch (error) {
      toast(describeError(error, t));
    }
  };
  return (
    <Button onPress={() => void change(!is_active)}>
      {t(is_active ? 'products.deactivate' : 'products.activate')}
    </Button>
  );
}

/** What somebody sees who may not change products. */
function ReadOnly({ product: { price, currency, sku, description } }: { product: Product }) {
  const { t } = useTranslation();
  return (
    <dl className={styles.facts}>
      <dt>{t('products.price')}</dt>
      <dd>
        <Money amount={price} currency={currency} />
      </dd>
      <dt>{t('products.sku')}</dt>
      <dd dir="auto">{visible(sku ?? '–')}</dd>
      <dt>{t('products.description')}</dt>
      <dd dir="auto">{visible(description ?? '–')}</dd>
    </dl>
  );
}
