import { ClientelaError } from '@clientela/client';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { flushSync } from 'react-dom';
import { useTranslation } from 'react-i18next';
import { changesOf } from '../forms/three-way.ts';
import { FormDialog } from '../forms/form-dialog.tsx';
import { useIdempotencyKey } from '../forms/use-idempotency-key.ts';
import { useSubmit } from '../forms/use-submit.ts';
import { toast } from '../ui/toast.tsx';
import { bodyOf, emptyProduct, productFields } from './fields.ts';
import { ProductFields } from './product-fields.tsx';
import { createProduct } from './queries.ts';

/** Creates a product. What was typed is lost by "Cancel" only. */
export function NewProduct({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [values, setValues] = useState(emptyProduct);
  const keyFor = useIdempotencyKey();
  const isDirty = Object.keys(changesOf(emptyProduct, values)).length > 0;
  const { submit, error, isBusy } = useSubmit(async () => {
    const { currency, ...body } = bodyOf(values);
    const created = { ...body, name: body.name ?? '', price: body.price ?? '', ...(currency !== '' && { currency }) };
    const product = await createProduct(created, keyFor(created));
    toast(t('products.created', { name: product.name }));
    flushSync(onClose); // the guard of what was typed goes before the page does
    await navigate({ to: '/products/$productId', params: { productId: product.id } });
  });
  const errors = error instanceof ClientelaError ? error.fields : {};
  return (
    <FormDialog
      title={t('products.new')}
      isWide
      onClose={onClose}
      onSubmit={() => void submit()}
      submitText={t('products.create')}
      error={error}
      shown={productFields}
      isDirty={isDirty}
      isBusy={isBusy}
    >
      <ProductFields
        values={values}
        set={(field) => (value) => setValues((all) => ({ ...all, [field]: value }))}
        errors={errors}
        isNew
      />
    </FormDialog>
  );
}
