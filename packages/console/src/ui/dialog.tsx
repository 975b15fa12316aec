import type { ReactNode } from 'react';
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { classes } from './classes.ts';
import styles from './dialog.module.css';
import { visible } from './visible.tsx';

type DialogProps = {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  /** Whether a click beside it closes it; not where something was typed. */
  isDismissable?: boolean;
  /** Whether Escape does not close it either. */
  isKeyboardDismissDisabled?: boolean;
  isWide?: boolean;
  /** `alertdialog` for a question that interrupts. */
  role?: 'dialog' | 'alertdialog';
  children: ReactNode;
  actions?: ReactNode;
};

/** A modal dialog. Escape closes it, and the focus returns to where it was. */
export function Dialog({ title, isOpen, onClose, isDismissable = true, ...props }: DialogProps) {
  const { isKeyboardDismissDisabled, isWide, role, children, actions } = props;
  return (
    <ModalOverlay
      className={styles.overlay}
      isOpen={isOpen}
      onOpenChange={(open) => !open && onClose()}
      isDismissable={isDismissable}
      isKeyboardDismissDisabled={isKeyboardDismissDisabled}
    >
      <Modal className={classes(styles.modal, isWide && styles.wide)}>
        <AriaDialog className={styles.dialog} role={role}>
          <Heading slot="title" level={2}>
            {visible(title)}
          </Heading>
          {children}
          {actions !== undefined && <div className={styles.actions}>{actions}</div>}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
