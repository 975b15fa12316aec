import type { Customer } from '@clientela/client';
import { useState, type DragEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from 'react-aria-components';
import { customerName } from '../customers/queries.ts';
import { Avatar } from '../ui/avatar.tsx';
import { AvatarDialog } from './avatar-dialog.tsx';
import styles from './avatar-dialog.module.css';
import { readPicture } from './crop.ts';
import { useMay } from './may.ts';

/** The picture of a customer, which those who may can change by pressing it, or by dropping a file on it. */
export function Picture({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  const canUpdate = useMay()('customers:update');
  const [open, setOpen] = useState<{ dropped?: ImageBitmap | null }>();
  const picture = (
    <Avatar
      id={customer.id}
      name={customerName(customer)}
      url={customer.avatar_url}
      size={56}
      key={customer.avatar_url}
    />
  );
  const drop = async (event: DragEvent) => {
    event.preventDefault();
    const [file] = event.dataTransfer.files;
    if (file) setOpen({ dropped: (await readPicture(file)) ?? null });
  };
  return (
    <>
      {canUpdate ? (
        // oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- a second way; the button within is the first
        <div onDrop={(event) => void drop(event)} onDragOver={(event) => event.preventDefault()}>
          <Button className={styles.button} aria-label={t('customer.avatar.change')} onPress={() => setOpen({})}>
            {picture}
          </Button>
        </div>
      ) : (
        picture
      )}
      {open && <AvatarDialog customer={customer} dropped={open.dropped} onClose={() => setOpen(undefined)} />}
    </>
  );
}
