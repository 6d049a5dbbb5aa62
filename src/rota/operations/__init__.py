"""Operations: what a person or program does. Permission, work and audit line are here, once; every face calls these."""
