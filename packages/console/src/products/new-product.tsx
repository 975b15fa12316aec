import { ClientelaError } from '@clientela/client';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { changesOf } from '../forms/three-way.ts';
import { Form } from '../forms/form.tsx';
import { useSubmit } from '../forms/use-submit.ts';
import styles from '../ui/bar.module.css';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { toast } from '../ui/toast.tsx';
import { bodyOf, emptyProduct, productFields } from './fields.ts';
import { ProductFields } from './product-fields.tsx';
import { createProduct } from './queries.ts';

/** Creates a product. What was typed is lost by "Cancel" only. */
export function NewProduct({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [values, setValues] = useState(emptyProduct);
  const [key] = useState(() => crypto.randomUUID());
  const isDirty = Object.keys(changesOf(emptyProduct, values)).length > 0;
  const { submit, error, isBusy } = useSubmit(async () => {
    const { currency, ...body } = bodyOf(values);
    const product = await createProduct(
      { ...body, name: body.name ?? '', price: body.price ?? '', ...(currency !== '' && { currency }) },
      key,
    );
    toast(t('products.created', { name: product.name }));
    onClose();
    await navigate({ to: '/products/$productId', params: { productId: product.id } });
  });
  const errors = error instanceof ClientelaError ? error.fields : {};
  return (
    <Dialog
      title={t('products.new')}
      isOpen
      isWide
      onClose={onClose}
      isDismissable={!isDirty}
      isKeyboardDismissDisabled={isDirty}
    >
      <Form onSubmit={() => void submit()} error={error} shown={productFields}>
        <ProductFields
          values={values}
          set={(field) => (value) => setValues((all) => ({ ...all, [field]: value }))}
          errors={errors}
          isNew
        />
        <div className={styles.buttons}>
          <Button type="submit" look="primary" isPending={isBusy}>
            {t('products.create')}
          </Button>
          <Button onPress={onClose}>{t('common.cancel')}</Button>
        </div>
      </Form>
    </Dialog>
  );
}
