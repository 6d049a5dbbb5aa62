"""Operations: what people and programs do. Permission, work and audit line are here, once, for every face."""
